"""Follows the events of one node at a time; of a node before, nothing is kept."""


class NodeObserver:
    """Follows a node of the scene.

    Slicer's ``VTKObservationMixin`` keeps every node it ever observed, and with a volume its
    voxels; here only the tags of the present node's observations are kept.
    """

    def __init__(self, callbacks: dict) -> None:
        """
        Args:
            callbacks: VTK event -> function called as ``function(caller, event)``.
        """
        self._callbacks = callbacks
        self._node = None
        self._tags: list[int] = []

    @property
    def node(self):
        """The node that is followed, or None."""
        return self._node

    def follow(self, node) -> None:
        """Follows ``node`` from now on, None for no node at all."""
        if node is self._node:
            return
        for tag in self._tags:
            self._node.RemoveObserver(tag)
        self._node, self._tags = node, []
        if node is not None:
            self._tags = [node.AddObserver(e, function) for e, function in self._callbacks.items()]
