/**
 * The files in docker/, checked as far as can be without a container engine: the Compose file against the Compose
 * Specification's schema, the Dockerfile by a linter, and both against what this program really reads.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { readConfig } from '../src/config.js';

const DOCKER = fileURLToPath(new URL('../docker/', import.meta.url));
const text = (name: string): string => readFileSync(join(DOCKER, name), 'utf8');

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: object;
  readonly volumes: object;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const LEDGERS = ['api-1', 'api-2', 'worker'];

describe('the Compose file', () => {
  // As the engine reads it: templates merged.
  const file = parse(text('compose.yaml'), { merge: true }) as Compose;
  const services = Object.entries(file.services);

  it('is valid by the schema of the Compose Specification', () => {
    const schema = JSON.parse(text('compose-spec.schema.json')) as Record<string, unknown>;
    // It names its draft by another scheme than the draft itself does, and its ids are an older draft's.
    delete schema['$schema'];
    const formats = { expose: true, ports: true, subnet_ip_address: true, duration: /^(\d+(us|ms|s|m|h))+$/ } as const;
    const ajv = new Ajv2019({ strict: false, allErrors: true, formats });
    const valid = ajv.compile(withoutIds(schema));
    expect({ valid: valid(file), errors: valid.errors }).toEqual({ valid: true, errors: null });
    const wrong = { services: { a: { image: 1 } } };
    expect(valid(wrong)).toBe(false);
  });

  it('has three store nodes, two api nodes, a worker and a proxy', () => {
    expect(Object.keys(file.services).sort()).toEqual(['proxy', ...LEDGERS, 'esdb-1', 'esdb-2', 'esdb-3'].sort());
    expect(LEDGERS.map((name) => file.services[name]?.environment?.['ROLES'])).toEqual(['api', 'api', 'worker']);
  });

  it('names only what it defines', () => {
    const [networks, volumes, secrets] = [file.networks, file.volumes, file.secrets].map((part) => Object.keys(part));
    for (const [, service] of services) {
      expect(networks).toEqual(expect.arrayContaining([...(service.networks ?? [])]));
      expect(secrets).toEqual(expect.arrayContaining([...(service.secrets ?? [])]));
      expect(Object.keys(file.services)).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
      for (const source of (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '')) {
        if (source.startsWith('./secrets/')) continue;
        if (source.startsWith('./')) expect(existsSync(join(DOCKER, source))).toBe(true);
        else expect(volumes).toContain(source);
      }
    }
  });

  it('lets only the proxy be reached from outside, and the store only from within', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual(['proxy']);
    expect(file.networks).toMatchObject({ store: { internal: true } });
    for (const name of ['esdb-1', 'esdb-2', 'esdb-3', 'worker'])
      expect(file.services[name]?.networks).toEqual(['store']);
  });

  it('S16, S23: all nodes of the ledger share the folder of keys, and nothing else', () => {
    const volumes = LEDGERS.map((name) => file.services[name]?.volumes ?? []);
    for (const own of volumes) expect(own).toContain('keys:/keys');
    const others = volumes.flat().filter((volume) => volume !== 'keys:/keys');
    expect(new Set(others).size).toBe(others.length);
  });

  it.each(LEDGERS)('%s runs without rights and cannot change its own program', (name) => {
    expect(file.services[name]).toMatchObject({ user: '1000:1000', read_only: true, cap_drop: ['ALL'] });
  });

  describe('its environment', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'docker-'));
      writeFileSync(join(folder, 'master-key'), Buffer.alloc(32, 7).toString('base64url'));
      writeFileSync(join(folder, 'admin-token'), 'a-token-of-the-operator');
      writeFileSync(join(folder, 'eventstore-url'), 'esdb://a:b@esdb-1:2113,esdb-2:2113?nodePreference=leader');
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each(LEDGERS)('of %s is what this program reads', (name) => {
      const image = Object.fromEntries(
        [...text('Dockerfile').matchAll(/^(?:ENV)?\s+([A-Z_]+)=(\S+?)( \\)?$/gm)].map(([, key, value]) => [key, value]),
      );
      expect(image).toMatchObject({ DATA_DIR: '/data', KEYS_DIR: '/keys' });
      const given = Object.entries(file.services[name]?.environment ?? {}).map(([key, value]) => [
        key,
        value.replace(/\$\{LEDGER_HOST:[^}]*\}/, 'ledger.example.org').replace('/run/secrets', folder),
      ]);
      const config = readConfig({ ...image, ...(Object.fromEntries(given) as Record<string, string>) });
      expect(config).toMatchObject({
        ...{ host: '0.0.0.0', publicUrl: 'https://ledger.example.org', keysDir: '/keys', dataDir: '/data' },
        roles: new Set([name === 'worker' ? 'worker' : 'api']),
      });
      expect(config.eventStoreUrl).toMatch(/^esdb:/);
      expect(given.map(([, value]) => value).join()).not.toMatch(/password|token-of/);
    });
  });
});

describe('the Dockerfile', () => {
  it('passes the linter', () => {
    expect(validate(text('Dockerfile'))).toEqual([]);
    expect(validate('FROM a\nMAINTAINER b\nWROKDIR /c\n')).not.toEqual([]);
  });

  it('ends as a user without rights, with a health check, and copies nothing from the outside into what runs', () => {
    const [, last = ''] = text('Dockerfile').split(/^FROM .*-slim$/m);
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last.match(/^COPY (?!--from=build)/m)).toBeNull();
    for (const [, path = ''] of last.matchAll(/\/build\/(scripts\/\S+)/g)) {
      expect(existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url)))).toBe(true);
    }
  });

  it('is built from a context without secrets, data or tests', () => {
    const ignored = readFileSync(fileURLToPath(new URL('../.dockerignore', import.meta.url)), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['data', 'node_modules', '**/.env', 'docker/secrets', '.git']));
  });
});

function withoutIds(schema: unknown): object {
  if (Array.isArray(schema)) return schema.map((item: unknown) => (isObject(item) ? withoutIds(item) : item));
  const members = Object.entries(schema as object).filter(([name, value]) => name !== 'id' || isObject(value));
  return Object.fromEntries(
    members.map(([name, value]) => [name, isObject(value) ? withoutIds(value) : (value as unknown)]),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
