/** Path of the first Chromium on PATH. */
export function findChromium(): string | undefined;
/** The same, installed first where that is possible (root on Debian). */
export function findOrInstallChromium(): Promise<string | undefined>;
