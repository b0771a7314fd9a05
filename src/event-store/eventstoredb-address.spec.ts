import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import { parseAddress } from './eventstoredb-address.js';

describe('a connection string', () => {
  it.each([
    ['esdb://localhost', [{ address: 'localhost', port: 2113 }], false, true],
    ['esdb://127.0.0.1:2114/?tls=false', [{ address: '127.0.0.1', port: 2114 }], false, false],
    ['kurrentdb+discover://cluster.example.org:2113', [{ address: 'cluster.example.org', port: 2113 }], true, true],
    [
      'esdb://a:1,b:2,c?nodePreference=leader',
      [
        { address: 'a', port: 1 },
        { address: 'b', port: 2 },
        { address: 'c', port: 2113 },
      ],
      false,
      true,
    ],
  ])('%s says where the servers are', (url, hosts, discover, tls) => {
    expect(parseAddress(url)).toMatchObject({ hosts, discover, tls });
  });

  it('says who one is, with escapes, and how long to wait', () => {
    expect(parseAddress('esdb://meri%40x:p%3Aw%2F@db?default_deadline=5000&Connection-Name=a%20b')).toMatchObject({
      credentials: { username: 'meri@x', password: 'p:w/' },
      numbers: { defaultDeadline: 5000 },
      connectionName: 'a b',
    });
  });

  it.each([
    'http://db:2113',
    'esdb://',
    'esdb://user:hemligt@',
    'esdb://user:hemligt@db:99999',
    'esdb://user:hemligt@db?nodePreference=follower',
    'esdb://user:hemligt@db?tlsVerifyCert=false',
    'esdb://user:hemligt@db?throwOnAppendFailure=false',
    'esdb://user:hemligt@db?x=hemligt',
    'esdb://user:hemligt@db?defaultDeadline=soon',
    'esdb://user:hemligt@db?tls=perhaps',
    'esdb://user:%hemligt@db',
    'esdb://user:hemligt@db?tlsCAFile=/hemligt/absent.pem',
    'esdb://user:hemligt@db?userCertFile=/dev/null',
  ])('%s is refused without being repeated', (url) => {
    expect(() => parseAddress(url)).toThrow(ConfigError);
    expect(() => parseAddress(url)).toThrow(/^EVENTSTORE_URL: (?!.*hemligt)/);
  });
});
