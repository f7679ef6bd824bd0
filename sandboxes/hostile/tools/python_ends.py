# Crashes the interpreter from inside. Only its own job may suffer.
import ctypes

ctypes.string_at(0)
print("ESCAPED: read address 0")
