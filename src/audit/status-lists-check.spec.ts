import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../encoding/json.js';
import { decodeStatusList, encodeStatusList, setStatusBit, statusListDigest } from '../verification/status-list.js';
import { auditLog } from './audit.js';
import { livedLedger, parsed, ServedLog, VKEY, type LivedLedger } from './audited-ledger.fixture.js';
import { LogSourceError } from './log-source.js';

let lived: LivedLedger;
beforeAll(async () => {
  lived = await livedLedger();
});

/** The log with its status lists, of which one may be another than was published. */
class WithLists extends ServedLog {
  lists = new Map(lived.lists);

  statusList(id: string, { sequence }: { sequence: number }): Promise<JsonObject | undefined> {
    return Promise.resolve(this.lists.get(`${id} ${sequence}`));
  }

  /** Another document, logged as if it had been published. */
  async republish(purpose: string, change: (bits: Uint8Array) => void): Promise<number> {
    const index = this.#publication(purpose);
    const { stream, data } = parsed(this.entries[index]!);
    const name = `${stream.slice('statuslist-'.length)} ${Number(data['sequence'])}`;
    const document = this.lists.get(name)!;
    const subject = document['credentialSubject'] as JsonObject;
    const bits = await decodeStatusList(subject['encodedList'] as string);
    change(bits);
    const made = { ...document, credentialSubject: { ...subject, encodedList: await encodeStatusList(bits) } };
    this.lists.set(name, made);
    this.editData(index, (given) => ({ ...given, digest: statusListDigest(made) }));
    return index;
  }

  /** Index of the newest edition for a purpose. */
  #publication(purpose: string): number {
    const entries = this.entries.map(parsed);
    const opened = entries.filter(({ type, data }) => type === 'StatusListOpened' && data['purpose'] === purpose);
    const index = entries.findLastIndex(
      ({ type, stream }) => type === 'StatusListPublished' && opened.some((one) => one.stream === stream),
    );
    expect(index).toBeGreaterThan(0);
    return index;
  }
}

async function found(log: WithLists): Promise<object[]> {
  const { findings } = await auditLog(log, { vkeys: [{ vkey: VKEY }] });
  // A digest that was put in the log afterwards is not that of the standing: that is another rule's.
  return findings
    .filter(({ code }) => /^statusList|^statusBit|^listLags/.test(code))
    .map(({ severity, rule, code, index }) => ({ severity, rule, code, index }));
}

/** Index in its list of the credential that was revoked. */
function revokedIndex(log: ServedLog): number {
  const entries = log.entries.map(parsed);
  const { stream } = entries[log.indexOf('CredentialRevoked')]!;
  const issued = entries.find((one) => one.stream === stream && one.type === 'CredentialIssued')!;
  return (issued.data['statusLists'] as { revocation: { index: number } }).revocation.index;
}

describe('S1: the newest edition of a status list', () => {
  it('is what the log says, in a ledger that nobody has tampered with', async () => {
    const log = new WithLists(lived.entries);
    expect(log.lists.size).toBeGreaterThan(2);
    expect(await found(log)).toEqual([]);
  });

  it('with a bit that no entry founds', async () => {
    const log = new WithLists(lived.entries);
    const index = await log.republish('suspension', (bits) => setStatusBit(bits, 77, true));
    expect(await found(log)).toEqual([{ severity: 'error', rule: 'S1', code: 'statusBitUnfounded', index }]);
  });

  it('without the bit of a credential that was revoked before the edition before it', async () => {
    const log = new WithLists(lived.entries);
    const revoked = revokedIndex(log);
    const index = await log.republish('revocation', (bits) => setStatusBit(bits, revoked, false));
    // The edition before was made when there was nothing revoked, so this may only have come in between.
    expect(await found(log)).toEqual([
      { severity: 'warning', rule: 'S11', code: 'listLags', index: log.indexOf('CredentialRevoked') },
    ]);
    const { stream, data } = parsed(log.entries[index]!);
    const [list, sequence] = [stream.slice('statuslist-'.length), Number(data['sequence'])];
    const again = { ...log.lists.get(`${list} ${sequence}`)!, id: 'https://ledger.example/again' };
    log.lists.set(`${list} ${sequence + 1}`, again);
    log.add({ stream, type: 'StatusListPublished', data: { sequence: sequence + 1, digest: statusListDigest(again) } });
    expect(await found(log)).toEqual([
      { severity: 'error', rule: 'S1', code: 'statusBitMissing', index: log.entries.length - 1 },
    ]);
  });

  it('is another document than was logged, no list at all, or not to be had', async () => {
    const log = new WithLists(lived.entries);
    const [name, document] = [...log.lists].at(-1)!;
    log.lists.set(name, { ...document, name: 'another' });
    expect(await found(log)).toEqual([
      expect.objectContaining({ severity: 'error', rule: 'S1', code: 'statusListDiffers' }),
    ]);
    log.lists.set(name, document);
    log.statusList = () => Promise.reject(new LogSourceError('refused', 'HTTP 404'));
    const refused = await found(log);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused).toEqual(
      refused.map(() => expect.objectContaining({ severity: 'warning', code: 'statusListNotServed' })),
    );
    log.statusList = () => Promise.reject(new LogSourceError('unreachable', 'no network'));
    await expect(found(log)).rejects.toThrow('no network');
  });

  it('has bits that cannot be read', async () => {
    const log = new WithLists(lived.entries);
    const index = await log.republish('revocation', () => undefined);
    const { stream, data } = parsed(log.entries[index]!);
    const name = `${stream.slice('statuslist-'.length)} ${Number(data['sequence'])}`;
    const broken = { ...log.lists.get(name)!, credentialSubject: { encodedList: 'uAAAA' } };
    log.lists.set(name, broken);
    log.editData(index, (given) => ({ ...given, digest: statusListDigest(broken) }));
    expect(await found(log)).toEqual([{ severity: 'error', rule: 'S1', code: 'statusListMalformed', index }]);
  });
});
