import { describeEventStore } from './conformance.js';
import { openMemoryEventStore } from './memory.js';

describeEventStore('the event store in memory', async () => {
  const store = openMemoryEventStore();
  return { store, close: () => store.close() };
});
