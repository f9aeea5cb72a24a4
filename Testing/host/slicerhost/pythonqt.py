"""PythonQt's ways on top of PySide6: properties as attributes, signatures, ints for enums.

PythonQt (Slicer's Qt binding) and PySide6 (the Qt binding with a package) differ in how Python
sees a C++ object. ``PythonQtMixin`` makes a PySide6 object answer as PythonQt's wrapper does;
``wrapped_class`` derives, once per Qt class, a Python class that has it. What it follows:

* a Qt property is an attribute, read and written without parentheses, and hides a method of the
  same name; ``name`` is ``objectName``; a dynamic property reads as an attribute too;
* text properties take ``str(value)``, string-list properties take a bare string apart;
* reading or setting any other unknown attribute of a C++ object raises AttributeError;
* ``connect("signal(types)", f)`` needs the exact signature, else it prints and returns False;
* a connected function gets at most as many arguments as it has parameters;
* enums are plain ints on the class.
"""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import traceback
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui

uncaught: list[str] = []
"""Tracebacks of exceptions raised in slots and VTK observers: both are only printed, and tests
must see them."""

ignoring_child_attributes = False
"""True while a ``.ui`` file loads: PySide6 then sets a widget's children as its attributes."""

_being_read: set[tuple[int, str]] = set()
"""Properties being read: a getter may be virtual, and Qt then asks Python for an override."""
_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "QString": str, "QStringList": list, "bool": bool, "int": int, "double": float,
}  # fmt: skip
"""What a value becomes in a property of that type."""
_VIRTUAL_METHODS = frozenset({"sizeHint", "minimumSizeHint"})
"""Properties that stay methods, so that host classes can override them."""


@functools.cache
def property_names(cls: type) -> frozenset[str]:
    """Names of the Qt properties of a QObject class, inherited ones included."""
    meta = cls.staticMetaObject
    names = frozenset(meta.property(i).name() for i in range(meta.propertyCount()))
    return names - _VIRTUAL_METHODS


def positional_capacity(function: Callable[..., Any]) -> int:
    """Arguments that ``function`` takes by position; many when it takes ``*args``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 100
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 100
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def record_observer_errors() -> None:
    """Adds what VTK observers raise to ``uncaught``: VTK hands it to ``sys.excepthook`` only."""

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        uncaught.append("".join(traceback.format_exception(kind, error, trace)))
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook


def guarded(function: Callable[..., Any]) -> Callable[..., None]:
    """A slot that trims its arguments and, like PythonQt, prints what it raises and continues."""
    capacity = positional_capacity(function)

    def slot(*arguments: Any) -> None:
        try:
            function(*arguments[:capacity])
        except Exception:
            # As PythonQt, which lets nothing that a slot raises reach the event loop.
            uncaught.append(traceback.format_exc())
            traceback.print_exc()

    return slot


class BoundSignal:
    """``widget.signal``: connect, disconnect and emit, as PythonQt's signal objects have."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name

    def connect(self, function: Callable[..., Any]) -> bool:
        return self._owner._connect_slot(self._name, function)

    def disconnect(self, function: Callable[..., Any]) -> bool:
        return self._owner._disconnect_slot(self._name, function)

    def emit(self, *arguments: Any) -> None:
        self._owner._signal(self._name).emit(*arguments)

    __call__ = emit


class PythonQtMixin:
    """Makes instances of a PySide6 class behave like PythonQt's C++ wrappers (see the module)."""

    _cpp_signals: dict[str, str] = {}
    """Signatures of signals declared in Python: C++ spelling -> attribute name."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name == "staticMetaObject":
            return super().__getattribute__(name)
        if name in ("connect", "disconnect"):  # PySide6 looks these two up behind Python's back
            return functools.partial(getattr(PythonQtMixin, name), self)
        qt_name = "objectName" if name == "name" else name
        if qt_name in property_names(type(self)) and (id(self), name) not in _being_read:
            return self._read_property(qt_name)
        try:
            value = super().__getattribute__(name)
        except AttributeError:
            if name in {bytes(n).decode() for n in self.dynamicPropertyNames()}:
                return _plain(QtCore.QObject.property(self, name))
            raise
        if isinstance(value, QtCore.SignalInstance):
            return BoundSignal(self, name)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        qt_name = "objectName" if name == "name" else name
        if qt_name in property_names(type(self)):
            _write_property(self, qt_name, value)
        elif name in {bytes(n).decode() for n in QtCore.QObject.dynamicPropertyNames(self)}:
            QtCore.QObject.setProperty(self, name, value)
        elif ignoring_child_attributes:
            return
        elif getattr(type(self), "_pure_wrapper", False):
            raise AttributeError(
                f"Attribute {name!r} does not exist on {type(self).__name__} and creation of new "
                "attributes on C++ objects is not allowed."
            )
        else:
            super().__setattr__(name, value)

    def connect(self, signal: Any, *target: Any) -> Any:
        """Signal and function, or signal, object and slot: ``connect("clicked(bool)", f)``."""
        if _is_native_call(signal):
            return QtCore.QObject.connect(self, signal, *target)
        attribute = self._attribute_of(signal)
        if attribute is None:
            print(f"QObject::connect: no signal {signal} on {type(self).__name__}", file=sys.stderr)
            return False
        if len(target) == 2:
            receiver, slot = target
            return self._connect_slot(attribute, getattr(receiver, slot.split("(")[0]))
        return self._connect_slot(attribute, target[0])

    def disconnect(self, signal: Any, *target: Any) -> Any:
        if _is_native_call(signal):
            return QtCore.QObject.disconnect(self, signal, *target)
        (function,) = target
        attribute = self._attribute_of(signal)
        return attribute is not None and self._disconnect_slot(attribute, function)

    def findChildren(self, kind: Any, name: str | None = None) -> list[Any]:
        base = getattr(kind, "_qt_class", kind)
        children = super().findChildren(base)
        return [c for c in children if name in (None, QtCore.QObject.objectName(c))]

    def findChild(self, kind: Any, name: str | None = None) -> Any:
        return next(iter(self.findChildren(kind, name)), None)

    def className(self) -> str:
        return type(self).__name__

    def property(self, name: str) -> Any:
        return _plain(QtCore.QObject.property(self, name))

    def _read_property(self, name: str) -> Any:
        _being_read.add((id(self), name))
        try:
            return _plain(QtCore.QObject.property(self, name))
        finally:
            _being_read.discard((id(self), name))

    def _signal(self, attribute: str) -> Any:
        return super().__getattribute__(attribute)

    def _attribute_of(self, signature: str) -> str | None:
        if signature in type(self)._all_cpp_signals():
            return type(self)._all_cpp_signals()[signature]
        normalized = bytes(QtCore.QMetaObject.normalizedSignature(signature)).decode()
        if "PyObject" in normalized or self.metaObject().indexOfSignal(normalized) < 0:
            return None
        return normalized.split("(")[0]

    @classmethod
    def _all_cpp_signals(cls) -> dict[str, str]:
        return {
            k: v for c in reversed(cls.__mro__) for k, v in vars(c).get("_cpp_signals", {}).items()
        }

    def _connect_slot(self, attribute: str, function: Callable[..., Any]) -> bool:
        slot = guarded(function)
        self._slots().setdefault((attribute, function), []).append(slot)
        QtCore.QObject.connect(self, self._signal_code(attribute), slot)
        return True

    def _disconnect_slot(self, attribute: str, function: Callable[..., Any]) -> bool:
        slots = self._slots().get((attribute, function))
        if not slots:
            return False
        QtCore.QObject.disconnect(self, self._signal_code(attribute), slots.pop())
        if not slots:
            del self._slots()[attribute, function]  # it would keep the function's owner
        return True

    def _signal_code(self, attribute: str) -> str:
        """SIGNAL() of the overload with the most arguments: trimming is the slot's business."""
        meta = type(self).staticMetaObject
        signatures = [
            bytes(meta.method(i).methodSignature()).decode()
            for i in range(meta.methodCount())
            if meta.method(i).methodType() == QtCore.QMetaMethod.MethodType.Signal
            and bytes(meta.method(i).name()).decode() == attribute
        ]
        return QtCore.SIGNAL(max(signatures, key=lambda s: (s.count(","), len(s))))

    def _slots(self) -> dict[Any, list[Any]]:
        return self.__dict__.setdefault("_slot_table", {})


def _is_native_call(signal: Any) -> bool:
    """PySide6's own signal objects call ``connect`` with SIGNAL()'s code, a leading "2"."""
    return not isinstance(signal, str) or signal.startswith("2")


def _plain(value: Any) -> Any:
    """Enums and flags as ints, string lists as tuples: what PythonQt hands to Python."""
    if isinstance(value, enum.Enum):
        return int(value.value)
    if isinstance(value, list):
        return tuple(value)
    return value


def _write_property(target: QtCore.QObject, name: str, value: Any) -> None:
    meta = type(target).staticMetaObject
    prop = meta.property(meta.indexOfProperty(name))
    if not prop.isWritable():
        raise AttributeError(f"Property {name!r} of {type(target).__name__} is read-only.")
    converter = _CONVERTERS.get(prop.typeName())
    value = value if converter is None else converter(value)
    if name == "toolTip":
        value = wrapped_tooltip(value)
    QtCore.QObject.setProperty(target, name, value)


def wrapped_tooltip(text: str) -> str:
    """What Slicer's ``ctkToolTipTrapper`` makes of a tooltip: plain text becomes HTML."""
    if not text or QtGui.Qt.mightBeRichText(text):
        return text
    return QtGui.Qt.convertFromPlainText(text, QtCore.Qt.WhiteSpaceMode.WhiteSpaceNormal)


@functools.cache
def wrapped_class(qt_class: type) -> type:
    """The PythonQt-like class of a PySide6 QObject class; the same one every time."""
    members: dict[str, Any] = {"_qt_class": qt_class, "_pure_wrapper": True, "__module__": "qt"}
    for owner in reversed(qt_class.__mro__):
        for nested in vars(owner).values():
            if inspect.isclass(nested) and issubclass(nested, enum.Enum):
                members.update({m.name: int(m.value) for m in nested})
    members["exec_"] = getattr(qt_class, "exec", None)
    return _derived(qt_class, members)


def _derived(qt_class: type, members: dict[str, Any]) -> type:
    """A wrapper class, with ``isinstance`` along the C++ class hierarchy."""
    base_meta = type(qt_class)

    class Meta(base_meta):  # type: ignore[valid-type,misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            if cls.__dict__.get("_pure_wrapper"):
                return base_meta.__instancecheck__(cls._qt_class, instance)
            return base_meta.__instancecheck__(cls, instance)

        def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            body.setdefault("_pure_wrapper", False)
            return super().__new__(mcs, name, bases, body)

    return Meta(qt_class.__name__, (PythonQtMixin, qt_class), members)
