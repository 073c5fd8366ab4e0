"""Reads a report's page as its tests need it, standard library only."""

import html.parser

# Elements that have no end in HTML. SVG's end themselves.
VOID = {"meta", "link"}
# Attributes by which a page would load something.
LOADING = {"src", "href", "srcset", "data", "action", "xlink:href", "background", "poster"}


class Element:
    """One element: its name, attributes, and all text in it."""

    def __init__(self, name, attributes):
        self.name = name
        self.attributes = attributes
        self.text = ""

    def __getitem__(self, attribute):
        return self.attributes[attribute]


class Page(html.parser.HTMLParser):
    """A page's elements, in order; refuses one that is not well-nested."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self._open = []
        self.feed(text)
        self.close()
        if self._open:
            raise AssertionError(f"never closed: {[element.name for element in self._open]}")

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open[-1].name != tag:
            raise AssertionError(f"</{tag}> ends {self._open[-1].name if self._open else 'nothing'}")
        self._open.pop()

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def having(self, *names):
        """The elements with all these attributes."""
        return [element for element in self.elements if all(name in element.attributes for name in names)]

    def named(self, name):
        return [element for element in self.elements if element.name == name]

    def loads(self):
        """What it would load or run."""
        urls = [element[name] for element in self.elements for name in LOADING & set(element.attributes)]
        handlers = [name for element in self.elements for name in element.attributes if name.startswith("on")]
        styles = [element.text for element in self.named("style") if "url(" in element.text or "@import" in element.text]
        return [url for url in urls if url != "data:,"] + handlers + styles + [e.name for e in self.named("script")]
