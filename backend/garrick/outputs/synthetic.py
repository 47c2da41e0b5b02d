"""What every picture and film says of itself: that no camera saw it."""

from __future__ import annotations

SYNTHETIC = "Synthetic media made with Garrick: the person did not perform this."

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
"""IPTC's word for pictures that mix a photo with generated parts; C2PA and XMP readers know it."""

SYNTHETIC_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta>'
)
