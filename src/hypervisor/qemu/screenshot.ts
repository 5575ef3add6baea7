/** A PPM picture (what QMP `screendump` writes) as JPEG (what EC2 answers). Pure. */
import { encode } from 'jpeg-js'

/** Larger than any mode of a VGA with 8 MiB of memory. */
const PIXELS_MAX = 4096 * 4096

export interface Picture {
  width: number
  height: number
  /** Four bytes a pixel. */
  rgba: Uint8Array
}

/** @throws Error when it is not a binary PPM with 8 bits a channel. */
export function ppmParse(bytes: Uint8Array): Picture {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(
    Buffer.from(bytes.subarray(0, 64)).toString('latin1'),
  )
  if (!header) throw new Error('not a binary PPM picture')
  const width = Number(header[1])
  const height = Number(header[2])
  const start = header[0].length
  const pixels = width * height
  if (pixels > PIXELS_MAX || bytes.length < start + pixels * 3) {
    throw new Error(`a PPM picture of ${width} x ${height} with ${bytes.length} bytes`)
  }
  const rgba = new Uint8Array(pixels * 4)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = start + pixel * 3
    rgba[pixel * 4] = bytes[from]!
    rgba[pixel * 4 + 1] = bytes[from + 1]!
    rgba[pixel * 4 + 2] = bytes[from + 2]!
    rgba[pixel * 4 + 3] = 255
  }
  return { width, height, rgba }
}

export function jpegOf(picture: Picture, quality = 80): Uint8Array {
  return encode({ width: picture.width, height: picture.height, data: picture.rgba }, quality).data
}
