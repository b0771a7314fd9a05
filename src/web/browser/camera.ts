/** The camera: a live picture in which QR codes are looked for until one is found or somebody has had enough. */
import { PageProblem } from './problem.js';

/** Pixels of the longer side that are looked at. */
const SIDE = 960;
/** Between two looks: the page and the picture stay smooth on a phone. */
const PAUSE_MS = 80;

const PROBLEMS = {
  NotAllowedError: 'cameraDenied',
  SecurityError: 'cameraDenied',
  NotFoundError: 'cameraNone',
  OverconstrainedError: 'cameraNone',
} as const;

/**
 * Opens the camera, the one on the back where there is a choice, and turns it off in every case.
 * @param video shows the live picture
 * @param signal ends the scan, also while the person is still asked for leave
 * @returns the text of the code, or undefined where the signal came first
 * @throws PageProblem cameraInsecure, cameraNone, cameraDenied, cameraBusy, readerMissing
 */
export async function scan(video: HTMLVideoElement, signal: AbortSignal): Promise<string | undefined> {
  // Browsers hide the cameras from pages on insecure connections.
  if (navigator.mediaDevices?.getUserMedia === undefined) {
    throw new PageProblem(isSecureContext ? 'cameraNone' : 'cameraInsecure');
  }
  const stream = await opened();
  try {
    if (signal.aborted) return undefined;
    const reader = await import('./qr-image.js').catch(() => {
      throw new PageProblem('readerMissing');
    });
    // Without these a phone shows it on the whole screen.
    video.playsInline = true;
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    const canvas = document.createElement('canvas');
    while (!signal.aborted) {
      const { videoWidth: width, videoHeight: height } = video;
      const scale = Math.min(1, SIDE / Math.max(width, height, 1));
      const text =
        width > 0 ? reader.qrInFrame(reader.pixels(video, width * scale, height * scale, canvas)) : undefined;
      if (text !== undefined) return text;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return undefined;
  } catch (error) {
    // Taken away while it was starting.
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    // Whoever opened it again at once has put another stream there.
    if (video.srcObject === stream) video.srcObject = null;
  }
}

async function opened(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { facingMode: { ideal: 'environment' }, width: { ideal: 1_280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const code = Object.hasOwn(PROBLEMS, error.name) ? PROBLEMS[error.name as keyof typeof PROBLEMS] : 'cameraBusy';
    throw new PageProblem(code);
  }
}
