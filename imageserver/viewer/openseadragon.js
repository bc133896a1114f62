// A tile source for OpenSeadragon: new OpenSeadragon({ tileSources: await tileSource("/is/image/catalog/record") }).

import { readSource } from "./protocol.js";
import { askSet, picturesOf } from "./set.js";
import { sideAt } from "./tiles.js";

const SIDE = 512;
const OVERLAP = 1; // tiles that do not reach into their neighbours are stretched by a pixel, to hide seams

/**
 * Ask for size and version of a picture, or of the first one of a set, and describe its tiles to OpenSeadragon.
 * @param {string} src such as `/is/image/catalog/record`
 * @param {{commands?: string, tileSize?: number, fresh?: boolean}} [options] `commands` are added to all requests;
 *   `fresh` asks the server for the version even when the browser remembers one
 */
export async function tileSource(src, { commands = "", tileSize = SIDE, fresh = false } = {}) {
  const source = readSource(src);
  const [picture] = picturesOf(await askSet(source, { commands, fresh }));
  if (!picture) throw new Error(`${source.name}: there is nothing to show`);
  await picture.measure(fresh);
  if (!picture.zooms) throw new Error(`${source.name}: its record decides which part is seen, so that it has no tiles`);
  const { width, height } = picture;
  const maxLevel = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / tileSize)));
  const sizeAt = (level) => ({ x: sideAt(width, maxLevel - level), y: sideAt(height, maxLevel - level) });
  return {
    width,
    height,
    tileSize,
    tileOverlap: OVERLAP,
    minLevel: 0,
    maxLevel,
    version: picture.version,
    /** Sizes of levels are rounded as the server rounds them: there may be a tile less than OpenSeadragon counts. */
    getNumTiles(level) {
      const { x, y } = sizeAt(level);
      return new globalThis.OpenSeadragon.Point(Math.ceil(x / tileSize), Math.ceil(y / tileSize));
    },
    getTileUrl(level, column, row) {
      const size = sizeAt(level);
      const begin = (place) => Math.max(0, place * tileSize - OVERLAP);
      const end = (place, side) => Math.min(side, (place + 1) * tileSize + OVERLAP);
      const [x, y] = [begin(column), begin(row)];
      return picture.tile(2 ** (maxLevel - level), {
        x,
        y,
        width: end(column, size.x) - x,
        height: end(row, size.y) - y,
      });
    },
  };
}
