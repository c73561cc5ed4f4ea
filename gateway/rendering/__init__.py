"""Reply x response type -> Rendition. The only room that knows XML."""

from gateway.rendering.renderer import Renderer, faults_of
from gateway.rendering.stylesheet import StylesheetFault

__all__ = ["Renderer", "StylesheetFault", "faults_of"]
