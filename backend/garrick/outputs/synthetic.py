"""What every picture, film and spoken line says of itself: that no camera saw it and nobody said it."""

from __future__ import annotations

SYNTHETIC = "Synthetic media made with Garrick: the person did not perform this."

SYNTHETIC_VOICE = "Synthetic voice made with Garrick: no person said this."

VOICE_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's word for what a trained model made."""

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
"""IPTC's word for pictures that mix a photo with generated parts; C2PA and XMP readers know it."""


def xmp(source_type: str) -> str:
    """An XMP packet that names the source type."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{source_type}"/></rdf:RDF></x:xmpmeta>'
    )


SYNTHETIC_XMP = xmp(SOURCE_TYPE)
