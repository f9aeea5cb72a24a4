"""placeholder"""
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest
class ArSSRTest(ScriptedLoadableModuleTest):
    pass
