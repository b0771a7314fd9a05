/** What the checks work with: the machine's own, and what earlier documents have left. */
import type { Memory } from './memory.js';
import type { Platform } from './platform.js';

export interface Tools {
  readonly platform: Platform;
  readonly memory: Memory;
}
