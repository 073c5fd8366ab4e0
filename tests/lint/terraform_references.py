"""What Terraform itself would say of a module's references, for machines without Terraform and its providers.

It reads what `terraform fmt` has laid out: blocks begin and end at the margin, and their arguments are indented by two.
"""

import dataclasses
import pathlib
import re

HEADER = re.compile(r'^(\w+)((?: "[\w-]+")*) \{')
ARGUMENT = re.compile(r"^  (\w+) *=")
# What is in double quotes and is not an expression, and comments.
TEXT = re.compile(r'#.*|"(?:[^"$\\]|\\.|\$(?!\{))*"')
EXPRESSION = re.compile(r'"(?:[^"\\]|\\.)*"')
REFERENCE = re.compile(r"(?<![\w.])(var|local|module|data|aws_\w+)\.(\w+)(?:\.(\w+))?")
# Arguments of `module` that are not variables of it.
OF_MODULES = {"source", "providers", "depends_on", "count", "for_each", "version"}


@dataclasses.dataclass
class Block:
    place: str
    kind: str
    labels: list
    arguments: list = dataclasses.field(default_factory=list)
    # (place, text) by line, as it stands in the file.
    lines: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return {"data": "data.", "module": "module."}.get(self.kind, "") + ".".join(self.labels)


def blocks(folder, root):
    for path in sorted(folder.glob("*.tf")):
        block = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            place = f"{path.relative_to(root).as_posix()}:{number}"
            if header := HEADER.match(line):
                block = Block(place, header[1], re.findall(r'"([\w-]+)"', header[2]))
            elif block and (argument := ARGUMENT.match(line)):
                block.arguments.append(argument[1])
            if block:
                block.lines.append((place, line))
            if line == "}" or (header and line.endswith("}")):
                yield block
                block = None


def expressions(line):
    """The line without comments and without what is only text."""
    line = TEXT.sub(lambda text: "" if text[0].startswith("#") else '""', line)
    return EXPRESSION.sub(lambda text: " ".join(re.findall(r"\$\{([^}]*)\}", text[0])), line)


def problems(root, folder):
    """Lines `place: what is wrong`, of this folder's module."""
    found = list(blocks(folder, root))
    variables = {block.labels[0]: block for block in found if block.kind == "variable"}
    modules = {block.labels[0]: block for block in found if block.kind == "module"}
    local_names = {name: block for block in found if block.kind == "locals" for name in block.arguments}
    things = {block.name for block in found if block.kind in ("resource", "data")}
    outputs = {name: {block.labels[0] for block in blocks(source_of(module, folder), root) if block.kind == "output"}
               for name, module in modules.items()}
    used = set()
    for block in found:
        if block.kind == "terraform":
            continue
        for place, line in block.lines[1:]:
            for kind, name, rest in REFERENCE.findall(expressions(line)):
                used.add((kind, name))
                known = {"var": lambda: name in variables, "local": lambda: name in local_names,
                         "module": lambda: name in modules and rest in outputs[name],
                         "data": lambda: f"data.{name}.{rest}" in things}.get(
                             kind, lambda: f"{kind}.{name}" in things)
                if not known():
                    yield f"{place}: {kind}.{name}{'.' + rest if kind in ('module', 'data') else ''} is nowhere declared"
    for kind, names in (("var", variables), ("local", local_names)):
        for name, block in names.items():
            if (kind, name) not in used:
                yield f"{block.place}: {kind}.{name} is not used"
    for module in modules.values():
        yield from argument_problems(module, folder, root)


def source_of(module, folder):
    source = next((re.search(r'"(.+)"', line)[1] for _, line in module.lines if re.match(r"  source\s+=", line)), ".")
    return (folder / source).resolve()


def argument_problems(module, folder, root):
    taken = {block.labels[0]: "default" in block.arguments
             for block in blocks(source_of(module, folder), root) if block.kind == "variable"}
    given = set(module.arguments) - OF_MODULES
    for name in sorted(given - set(taken)):
        yield f"{module.place}: {module.name} has no variable {name}"
    for name, has_default in taken.items():
        if not has_default and name not in given:
            yield f"{module.place}: {module.name} is not given {name}"


def folders(root, top):
    return sorted({path.parent for path in pathlib.Path(root, top).rglob("*.tf")})
