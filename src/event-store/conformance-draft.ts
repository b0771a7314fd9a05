/** Events for tests of the store. Apart from the suite, so that a process without Jest can use them. */
import type { JsonObject } from '../encoding/json.js';
import type { EventDraft } from './event-store.js';

/** An event as it is appended, random id, with `data` of one's own. */
export function draft(data: JsonObject = {}, more: Partial<EventDraft> = {}): EventDraft {
  const id = crypto.randomUUID();
  return { id, type: 'Happened', v: 1, at: '2026-03-04T05:06:07.089Z', by: 'process:spec', data, ...more };
}
