import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from '../errors.js';
import { given } from '../event-store/given-when-then.js';
import { STATUS_LIST_ENTRIES, type StatusListEvent } from './credential.events.js';
import { statusListDecider, type StatusListCommand } from './status-list.js';

const ORGANISATION = '00000000-0000-4000-8000-000000000001';
const opened: StatusListEvent = {
  type: 'StatusListOpened',
  data: { organisation: ORGANISATION, purpose: 'revocation' },
};
function allotted(from: number, count: number): StatusListEvent {
  return { type: 'IndexBlockAllotted', data: { from, count } };
}
const digest = 'ab'.repeat(32);
function published(sequence: number): StatusListEvent {
  return { type: 'StatusListPublished', data: { sequence, digest } };
}

describe('a status list', () => {
  it('is opened once, before anything else', () => {
    const open = { type: 'OpenStatusList', organisation: ORGANISATION, purpose: 'revocation' } as const;
    given(statusListDecider, []).when(open).then([opened]);
    given(statusListDecider, [opened]).when(open).thenRefused('statusListExists');
    given(statusListDecider, []).when({ type: 'AllotIndexBlock', count: 1 }).thenRefused('statusListUnknown');
    given(statusListDecider, []).when({ type: 'PublishStatusList', digest }).thenRefused('statusListUnknown');
  });

  it('S25: allots every slot once, up to the last and no further', () => {
    const list = given(statusListDecider, [opened, allotted(0, 64)]);
    list.when({ type: 'AllotIndexBlock', count: 128 }).then([allotted(64, 128)]);
    const rest = STATUS_LIST_ENTRIES - 64;
    list.when({ type: 'AllotIndexBlock', count: rest }).then([allotted(64, rest)]);
    list
      .when({ type: 'AllotIndexBlock', count: rest + 1 })
      .thenRefused('statusListFull', { count: rest + 1, free: rest });
    given(statusListDecider, [opened, allotted(0, STATUS_LIST_ENTRIES)])
      .when({ type: 'AllotIndexBlock', count: 1 })
      .thenRefused('statusListFull', { count: 1, free: 0 });
    for (const count of [0, -1, 1.5, NaN]) list.when({ type: 'AllotIndexBlock', count }).thenRefused('blockSize');
  });

  it('numbers its editions', () => {
    const list = given(statusListDecider, [opened, published(1)]);
    const state = list.when({ type: 'PublishStatusList', digest }).then([published(2)]);
    expect(state).toMatchObject({ sequence: 2, digest });
    list.when({ type: 'PublishStatusList', digest: digest.toUpperCase() }).thenRefused('digestMalformed');
  });

  it('S25, S17: never has two blocks that share a slot, and every event can be decided again', () => {
    const commands = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('AllotIndexBlock' as const), count: fc.integer({ min: 0, max: 60_000 }) }),
        fc.constant<StatusListCommand>({ type: 'PublishStatusList', digest }),
      ),
    );
    fc.assert(
      fc.property(commands, (steps) => {
        const meta = { stream: 'statuslist-1', revision: 0, at: '2026-01-01T00:00:00.000Z', index: 0 };
        let state = statusListDecider.evolve({ is: 'unopened' }, opened, meta);
        let end = 0;
        for (const command of steps) {
          try {
            for (const event of statusListDecider.decide(command, state, undefined)) {
              expect(statusListDecider.decide(statusListDecider.commandOf(event, meta), state, undefined)).toEqual([
                event,
              ]);
              if (event.type === 'IndexBlockAllotted') {
                expect(event.data.from).toBe(end);
                end += event.data.count;
                expect(end).toBeLessThanOrEqual(STATUS_LIST_ENTRIES);
              }
              state = statusListDecider.evolve(state, event, meta);
            }
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
          }
        }
      }),
    );
  });
});
