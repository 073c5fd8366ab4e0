#pragma once

#include "absl/strings/string_view.h"

namespace faultline {

// How a page looks: light or dark as its reader's system is, readable without colours and on paper. The colours are
// those of Okabe and Ito, which people with any kind of colour blindness tell apart.
inline constexpr absl::string_view kHtmlStyle = R"css(
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --card: #f6f8fa;
  --good: #00724f; --bad: #b13c00; --cut: #1b1f24; --cut-paper: #d5d9de; --late: #cfe6f7; --partly: #fbe3b5;
  --window: #e69f0033; --four: #0072b2; --six: #b13c00; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161b; --ink: #e6e9ec; --faint: #9aa4ae; --line: #39424c;
  --card: #1a2027; --good: #4fd0a5; --bad: #ff9a5c; --cut: #f0f3f5; --cut-paper: #4a535d; --late: #15405e;
  --partly: #5c4410; --window: #e69f0040; --four: #6cbcf0; --six: #ff9a5c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .4rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
.verdict { font-size: 1.25rem; padding: .7rem 1rem; border-left: .4rem solid var(--faint); background: var(--card);
  overflow-wrap: anywhere; }
.verdict.good { border-color: var(--good); } .verdict.bad { border-color: var(--bad); }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.verdict.good, .verdict.bad { color: var(--ink); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dt, .note, .moment { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .5rem 0; } caption { text-align: left; color: var(--faint); }
th, td { border: 1px solid var(--line); padding: .2rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; } th { background: var(--card); font-weight: 600; }
section { overflow-x: auto; }
.stage { border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; margin: .8rem 0; }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem; overflow-x: auto; }
.matrix td { text-align: center; min-width: 2rem; font-variant-numeric: tabular-nums; }
.matrix .corner { color: var(--faint); text-align: left; }
td.cut, .legend .cut { background: var(--cut-paper); color: var(--cut); }
td.impaired, .legend .impaired { background: var(--late); }
td.partly, td.unknown, .legend .partly, .legend .unknown { background: var(--partly); }
td.none { color: var(--faint); } td.wrong, .legend .wrong { outline: 3px solid var(--bad); outline-offset: -3px;
  font-weight: 700; }
.legend span { display: inline-block; min-width: 1.4rem; text-align: center; border: 1px solid var(--line);
  padding: 0 .3rem; } .legend { white-space: pre-wrap; font-size: .9rem; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
svg .tick, svg .what { fill: var(--faint); font-size: 10px; } svg .grid { stroke: var(--line); stroke-width: .5; }
svg .zero { stroke: var(--faint); } svg .window { fill: var(--window); stroke: var(--faint); stroke-width: .3; }
svg .planned { fill: var(--window); stroke: var(--faint); stroke-width: .5; } svg .acted { fill: var(--four); }
svg text.good { fill: var(--good); } svg text.bad { fill: var(--bad); font-size: 15px; } svg text.capture { fill: var(--four); }
svg .curve { fill: none; stroke-width: 1.5; stroke-linejoin: round; } svg .ipv4 { stroke: var(--four); }
svg .ipv6, svg .failed { stroke: var(--six); stroke-dasharray: 4 2; } svg .acknowledged { stroke: var(--four); }
svg .happening { stroke: var(--faint); stroke-dasharray: 1 3; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1rem; }
figure { margin: 0; break-inside: avoid; } figcaption { font-weight: 600; overflow-wrap: anywhere; }
.capture { display: grid; grid-template-columns: 12rem 1fr; gap: 1rem; border-top: 1px solid var(--line); padding: .6rem 0; }
.capture > div { min-width: 0; }
pre { background: var(--card); padding: .6rem; overflow-x: auto; margin: .3rem 0; max-height: 30rem; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } pre { max-height: none; white-space: pre-wrap; }
  .stage, tr { break-inside: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
@media (max-width: 600px) { .capture { grid-template-columns: 1fr; } }
)css";

}  // namespace faultline
