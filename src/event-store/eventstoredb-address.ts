/**
 * The connection string of EventStoreDB, read by us and not by the client: the client prints the whole string, password
 * and all, where an option is unknown to it, knows no `kurrentdb://`, and would let a string choose another node than
 * the leader (S15). Form: developers.eventstore.com, "Connection string". Proven by eventstoredb-address.spec.ts.
 */
import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface EventStoreDbAddress {
  /** One is the server itself; several, or one with `discover`, are asked by gossip where the leader is. */
  readonly hosts: readonly Endpoint[];
  readonly discover: boolean;
  readonly tls: boolean;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** PEM files, read. */
  readonly rootCertificate?: Buffer;
  readonly userCertFile?: Buffer;
  readonly userKeyFile?: Buffer;
  readonly connectionName?: string;
  /** Numbers that the client understands, in its own units. */
  readonly numbers: Readonly<Partial<Record<NumberOption, number>>>;
}

const NUMBERS = [
  ...(['defaultDeadline', 'discoveryInterval', 'gossipTimeout', 'maxDiscoverAttempts'] as const),
  ...(['keepAliveInterval', 'keepAliveTimeout'] as const),
];
type NumberOption = (typeof NUMBERS)[number];

/** Options that have one acceptable value, and why. */
const FIXED: Readonly<Record<string, readonly [value: string, why: string]>> = {
  nodePreference: ['leader', 'the log is read from the leader'],
  throwOnAppendFailure: ['true', 'a refused append must be seen'],
  tlsVerifyCert: ['true', 'name the authority of a private certificate with tlsCAFile'],
};
const FREE = ['tls', 'connectionName', 'tlsCAFile', 'userCertFile', 'userKeyFile'];
const KNOWN = new Map([...NUMBERS, ...Object.keys(FIXED), ...FREE].map((name) => [flat(name), name]));

const FORM =
  /^(?:esdb|kurrentdb|kurrent)(?<discover>\+discover)?:\/\/(?:(?<user>[^:@/?]+):(?<password>[^@]*)@)?(?<hosts>[^/?#@]+)\/?(?:\?(?<query>.*))?$/;

/**
 * Reads a connection string, and the certificate files that it names.
 * @throws ConfigError saying what is wrong, never repeating the string
 */
export function parseAddress(url: string): EventStoreDbAddress {
  const groups = FORM.exec(url.trim())?.groups;
  if (!groups) throw wrong('must be esdb://[user:password@]host[:port][,host…][?option=value&…]');
  const options = optionsOf(groups['query'] ?? '');
  const numbers: Partial<Record<NumberOption, number>> = {};
  for (const name of NUMBERS) {
    const text = options.get(name);
    if (text === undefined) continue;
    if (!/^-?\d{1,9}$/.test(text)) throw wrong(`option ${name} must be a whole number`);
    numbers[name] = Number(text);
  }
  const tls = options.get('tls') ?? 'true';
  if (tls !== 'true' && tls !== 'false') throw wrong('option tls must be true or false');
  const { user, password, discover, hosts = '' } = groups;
  const [rootCertificate, userCertFile, userKeyFile] = ['tlsCAFile', 'userCertFile', 'userKeyFile'].map((name) =>
    fileOf(name, options.get(name)),
  );
  if (!userCertFile !== !userKeyFile) throw wrong('options userCertFile and userKeyFile belong together');
  const connectionName = options.get('connectionName');
  return {
    hosts: hosts.split(',').map(endpointOf),
    discover: discover !== undefined,
    tls: tls === 'true',
    ...(user !== undefined && {
      credentials: { username: decoded(user, 'user'), password: decoded(password!, 'password') },
    }),
    ...(rootCertificate && { rootCertificate }),
    ...(userCertFile && { userCertFile }),
    ...(userKeyFile && { userKeyFile }),
    ...(connectionName !== undefined && { connectionName }),
    numbers,
  };
}

function optionsOf(query: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const pair of query.split('&').filter(Boolean)) {
    const [, key = '', value = ''] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    const name = KNOWN.get(flat(key));
    // The place and not the text: it may be half of a password with an unescaped "&".
    if (name === undefined) throw wrong(`option number ${options.size + 1} is not known`);
    const text = decoded(value, `option ${name}`);
    const [only, why] = FIXED[name] ?? [];
    if (only !== undefined && flat(text) !== only) throw wrong(`option ${name} must be ${only}: ${why}`);
    options.set(name, text);
  }
  return options;
}

function endpointOf(host: string): Endpoint {
  const [, address = '', port = '2113'] = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host) ?? [];
  if (address === '' || Number(port) > 65_535) throw wrong('has a host that is not name[:port]');
  return { address, port: Number(port) };
}

function fileOf(name: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw wrong(`the file of option ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`has a ${what} with a "%" that is not followed by two hexadecimal digits`);
  }
}

function flat(name: string): string {
  return name.trim().toLowerCase().replace(/[_-]/g, '');
}

function wrong(message: string): ConfigError {
  return new ConfigError('EVENTSTORE_URL', message);
}
