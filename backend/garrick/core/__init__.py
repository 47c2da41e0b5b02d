"""What both sides of the wire need, in numpy and the standard library only.

The extension's build copies this folder to `blender_addon/core/`, so nothing here imports the rest of Garrick and every
import inside the folder is relative. Errors are ValueError with a sentence for the user.
"""
