"""Two changes to docstrings on their way into the pages, and what makes a class a dataclass.

The sections of a docstring are rendered apart, so a footnote of one would not be found in another:
`[^1]` becomes a plain number. Names of the library become links, where there is a page for them.
Griffe knows the parameters of a dataclass, but reads no code of ours that makes one.
"""

import re
from typing import Any

import griffe

_DEFINITION = re.compile(r"^(\s*)\[\^(\d+)\]: ", flags=re.M)
_MARK = re.compile(r"\[\^(\d+)\]")
_NAME = re.compile(r"(?<![\[`])`(olearn(?:\.\w+)+)`(?!\])")
_LINK = r'<autoref identifier="\1" optional><code>\1</code></autoref>'


class Docstrings(griffe.Extension):
    """Rewrites each docstring once it is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            text = _DEFINITION.sub(r"\1\2. ", obj.docstring.value)
            text = _MARK.sub(r"<sup>[\1]</sup>", text)
            obj.docstring.value = _NAME.sub(_LINK, text)

    def on_class_instance(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        """Take a class with `with_parameters` for the dataclass that it becomes."""
        for decorator in cls.decorators:
            if decorator.callable_path == "olearn.core.parameters.with_parameters":
                module = griffe.ExprName("dataclasses")
                decorator.value = griffe.ExprName("dataclass", parent=module)
                cls.labels.add("dataclass")  # its fields are attributes of each instance
