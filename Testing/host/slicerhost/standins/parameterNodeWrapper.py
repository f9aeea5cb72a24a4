"""``slicer.parameterNodeWrapper``: typed parameters in a MRML node, bound to widgets by name.

The types and widgets of this project's panel only, with the strictness of Slicer's: widget types
match exactly, values are cached, a slider needs a range, a value of the wrong type or out of
range raises, and so does a ``SlicerParameterName`` that names no parameter.
"""

import enum
import typing
import weakref

import ctk
import qt
import slicer
import vtk

__all__ = ["WithinRange", "parameterNodeWrapper"]


class WithinRange:
    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within [{self.minimum}, {self.maximum}], is {value}")


class _Parameter:
    """Reads and writes one parameter of a ``vtkMRMLScriptedModuleNode``."""

    def __init__(self, name, annotation, default):
        self.name = name
        self.kind, *self.notes = typing.get_args(typing.Annotated[annotation, None])[:-1]
        self.isNode = isinstance(self.kind, type) and issubclass(self.kind, slicer.vtkMRMLNode)
        if default is None and not self.isNode:
            default = next(iter(self.kind)) if issubclass(self.kind, enum.Enum) else self.kind()
        self.default = default

    def write(self, node, value):
        allowed = (int, float) if self.kind is float else self.kind
        if not isinstance(value, allowed) and not (self.isNode and value is None):
            raise TypeError(f"{self.name} must be of type {self.kind}, is {value!r}")
        for note in self.notes:
            note.validate(value)
        if self.isNode:
            node.SetParameter(self.name, "")
            node.SetNodeReferenceID(self.name, value.GetID() if value else None)
        else:
            node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))

    def read(self, node):
        if not node.HasParameter(self.name):  # a closed scene has emptied the node
            self.write(node, self.default)
        if self.isNode:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if issubclass(self.kind, enum.Enum):
            return self.kind[text]
        return text == "True" if self.kind is bool else self.kind(text)


class _Binding:
    """One widget bound to one parameter: how it is read, written and heard."""

    def __init__(self, widget, parameter):
        self.widget, self.parameter = widget, parameter
        isEnum = isinstance(parameter.kind, type) and issubclass(parameter.kind, enum.Enum)
        table = [
            (parameter.isNode, (slicer.qMRMLNodeComboBox,), "currentNodeChanged"),
            (parameter.kind is bool, (qt.QCheckBox,), "stateChanged"),
            (parameter.kind is float, (ctk.ctkSliderWidget, qt.QDoubleSpinBox), "valueChanged"),
            (parameter.kind is str, (qt.QLineEdit,), "textChanged"),
            (isEnum, (qt.QComboBox,), "currentIndexChanged"),
        ]
        matches = [s for fits, types, s in table if fits and type(widget) in types]
        if not matches:
            raise RuntimeError(f"No connector from {parameter.kind} to {type(widget)}")
        self.signal = matches[0]
        self.choices = list(parameter.kind) if isEnum else []
        self._prepare()

    def _prepare(self):
        limits = next((n for n in self.parameter.notes if isinstance(n, WithinRange)), None)
        if type(self.widget) is ctk.ctkSliderWidget and limits is None:
            raise RuntimeError("A ctkSliderWidget needs a parameter with a range.")
        if self.parameter.isNode:
            self.widget.nodeTypes = (self.parameter.kind().GetClassName(),)
        elif limits is not None:
            self.widget.minimum, self.widget.maximum = limits.minimum, limits.maximum
        elif self.choices:
            label = getattr(self.parameter.kind, "label", lambda choice: choice.name)
            self.widget.clear()
            for choice in self.choices:
                self.widget.addItem(label(choice))

    def read(self):
        if self.parameter.isNode:
            return self.widget.currentNode()
        if self.choices:
            return self.choices[self.widget.currentIndex]
        return getattr(self.widget, self._property())

    def write(self, value):
        if self.parameter.isNode:
            self.widget.setCurrentNode(value)
        elif self.choices:
            self.widget.currentIndex = self.choices.index(value)
        elif getattr(self.widget, self._property()) != value:
            setattr(self.widget, self._property(), value)

    def _property(self):
        return {bool: "checked", float: "value", str: "text"}[self.parameter.kind]


class _Wrapper:
    """The methods that the decorator gives a parameter class."""

    def __init__(self, parameterNode):
        self.parameterNode = parameterNode
        self._bindings, self._tags, self._writing = {}, {}, False
        for parameter in self.allParameters.values():
            if not parameterNode.HasParameter(parameter.name):
                parameter.write(parameterNode, parameter.default)
        self._values = {}
        self._cache()
        itself = weakref.ref(self)  # the observer must not keep this object
        # VTK calls the very first observer of an object last; in Slicer another one is the first.
        first = 1.0
        self._cacheTag = parameterNode.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda caller, event: itself()._cache(), first
        )

    def __del__(self):
        self.parameterNode.RemoveObserver(self._cacheTag)

    def _cache(self):
        """Values are read when the node is modified, as Slicer's wrapper does: a reference to a
        node that is not in the scene yet reads as None until the next modification."""
        self._values = {n: p.read(self.parameterNode) for n, p in self.allParameters.items()}

    def _write(self, parameter, value):
        with slicer.util.NodeModify(self.parameterNode):
            parameter.write(self.parameterNode, value)
            self._values[parameter.name] = parameter.read(self.parameterNode)

    def connectGui(self, gui):
        bound = {}
        for widget in vars(gui).values():
            name = widget.property("SlicerParameterName")
            if name:
                if name not in self.allParameters:
                    raise ValueError(f"Cannot find a param with the given name: {name}")
                bound[name] = _Binding(widget, self.allParameters[name])
        tag = len(self._bindings)
        self._bindings[tag] = [(name, b, self._reader(name, b)) for name, b in bound.items()]
        for name, binding, callback in self._bindings[tag]:
            binding.write(getattr(self, name))
            getattr(binding.widget, binding.signal).connect(callback)
        self._tags[tag] = self.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._updateGui()
        )
        return tag

    def disconnectGui(self, tag):
        for _, binding, callback in self._bindings.pop(tag, []):
            getattr(binding.widget, binding.signal).disconnect(callback)
        if tag in self._tags:
            self.RemoveObserver(self._tags.pop(tag))

    def _reader(self, name, binding):
        def changed():
            if not self._writing:
                setattr(self, name, binding.read())

        return changed

    def _updateGui(self):
        if self._writing:
            return
        self._writing = True
        try:
            for bindings in self._bindings.values():
                for name, binding, _ in bindings:
                    binding.write(getattr(self, name))
        finally:
            self._writing = False

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        self.parameterNode.RemoveObserver(tag)

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def Modified(self):
        self.parameterNode.Modified()


def parameterNodeWrapper(cls):
    """Makes a class of annotated parameters into a typed view of a parameter node."""
    members = typing.get_type_hints(cls, include_extras=True)
    parameters = {n: _Parameter(n, t, getattr(cls, n, None)) for n, t in members.items()}
    body = {n: _property(p) for n, p in parameters.items()}
    return type(cls.__name__, (_Wrapper, cls), {**body, "allParameters": parameters})


def _property(parameter):
    return property(
        lambda self: self._values[parameter.name],
        lambda self, value: self._write(parameter, value),
    )
