/** What a verifier holds in front of the page, made for tests: pictures of QR codes, and the film of a camera. */
import { writeFileSync } from 'node:fs';
import qrcode from 'qrcode';
import { concatBytes, utf8 } from '../src/encoding/bytes.js';

/** A QR code as PNG, drawn by another library than reads it. */
export function qrPicture(text: string): Promise<Buffer> {
  return qrcode.toBuffer(text, { scale: 6, margin: 4, errorCorrectionLevel: 'M' });
}

/**
 * A film for Chromium's fake camera (YUV4MPEG2), which plays it over and over: first an empty wall, then the code.
 * @param side of the square picture, in pixels
 */
export function writeFilm(file: string, text: string, side = 320): void {
  const { modules } = qrcode.create(text, { errorCorrectionLevel: 'M' });
  const border = 4;
  const scale = Math.floor(side / (modules.size + 2 * border));
  const margin = Math.floor((side - scale * modules.size) / 2);
  const wall = new Uint8Array(side * side).fill(0x90);
  const code = new Uint8Array(side * side).fill(0xeb);
  for (let y = 0; y < modules.size * scale; y++) {
    for (let x = 0; x < modules.size * scale; x++) {
      const isDark = modules.get(Math.floor(y / scale), Math.floor(x / scale)) === 1;
      if (isDark) code[(y + margin) * side + x + margin] = 0x10;
    }
  }
  const grey = new Uint8Array((side * side) / 2).fill(0x80);
  const frame = (luma: Uint8Array): Uint8Array => concatBytes(utf8('FRAME\n'), luma, grey);
  // Three seconds of each: longer than it takes to look at the page in between.
  const film = [wall, code].flatMap((picture) => Array.from({ length: 30 }, () => picture));
  const header = utf8(`YUV4MPEG2 W${side} H${side} F10:1 Ip A1:1 C420jpeg\n`);
  writeFileSync(file, concatBytes(header, ...film.map(frame)));
}
