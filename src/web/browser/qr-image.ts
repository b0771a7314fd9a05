/** The QR code in a picture, by the `qr` package's decoder; loaded when a camera is opened or a picture comes. */
import { decodeQR } from 'qr/decode.js';

/** A still picture is worth a second; a frame of the camera is followed by the next. */
const STILL_MS = 1_000;
const FRAME_MS = 60;
/** Pixels of the longer side: what is printed small on a page that is photographed whole still shows. */
const STILL_SIDES = [1_280, 2_400, 640];

/** The text of the code in a frame, or undefined. */
export function qrInFrame(frame: ImageData): string | undefined {
  return decoded(frame, FRAME_MS);
}

/** The text of the code in a still picture, looked for at several sizes; or undefined. */
export function qrInPicture(picture: ImageBitmap, canvas: HTMLCanvasElement): string | undefined {
  const longer = Math.max(picture.width, picture.height);
  const sides = new Set(STILL_SIDES.map((side) => Math.min(side, longer)));
  for (const side of sides) {
    const scale = side / longer;
    const text = decoded(pixels(picture, picture.width * scale, picture.height * scale, canvas), STILL_MS);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The pixels of something that can be drawn, at a size. */
export function pixels(source: CanvasImageSource, width: number, height: number, canvas: HTMLCanvasElement): ImageData {
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return new ImageData(1, 1);
  // Transparent pictures: a code is drawn in black, so what shines through is white.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function decoded(image: ImageData, timeLimit: number): string | undefined {
  try {
    return decodeQR(image, { timeLimit });
  } catch {
    // The decoder throws for a picture without a code, and for one it cannot make out.
    return undefined;
  }
}
