"""Text block → glyphs in their places. Shaping is HarfBuzz's."""
