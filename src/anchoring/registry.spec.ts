import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { getAddress, getCreate2Address, id, keccak256 } from 'ethers';
import { fromHex, fromHex0x } from '../encoding/hex.js';
import { ANCHOR_REGISTRY_ARTIFACT } from './anchor-registry.artifact.js';
import * as registry from './registry.js';

const repository = new URL('../../', import.meta.url);

describe('the anchor registry', () => {
  it('has the address, the topic and the code hash that ethers computes', () => {
    expect(registry.REGISTRY_ADDRESS).toBe(
      getCreate2Address(registry.CREATE2_DEPLOYER, `0x${'00'.repeat(32)}`, keccak256(registry.REGISTRY_CREATION_CODE)),
    );
    expect(registry.REGISTRY_TOPIC).toBe(id('Anchored(address,bytes32)'));
    expect(registry.REGISTRY_CODE_HASH).toBe(keccak256(registry.REGISTRY_CODE));
  });

  it('stays where it is: another address would orphan every trust file that pins this one', () => {
    expect(registry.REGISTRY_ADDRESS).toBe('0xb9AED8ba99d0b740494Fd74d959f75471aD22C53');
  });

  it('comes from the source in contracts/, and the published artefact is the one used here', () => {
    const source = readFileSync(new URL(ANCHOR_REGISTRY_ARTIFACT.source, repository));
    expect(createHash('sha256').update(source).digest('hex')).toBe(ANCHOR_REGISTRY_ARTIFACT.sourceSha256);
    const published: unknown = JSON.parse(
      readFileSync(new URL('contracts/artifacts/AnchorRegistry.json', repository), 'utf8'),
    );
    expect(published).toEqual(ANCHOR_REGISTRY_ARTIFACT);
  });

  it('has the hashes that the compiler’s output has, which is kept beside it', () => {
    const artefact = ANCHOR_REGISTRY_ARTIFACT;
    const file = (name: string): Buffer =>
      readFileSync(new URL(`contracts/artifacts/AnchorRegistry.${name}.json`, repository));
    expect(artefact.deployedBytecodeKeccak256).toBe(keccak256(artefact.deployedBytecode));
    expect(artefact.bytecodeKeccak256).toBe(keccak256(artefact.bytecode));
    expect(createHash('sha256').update(file('metadata')).digest('hex')).toBe(artefact.metadataSha256);
    const metadata = JSON.parse(file('metadata').toString()) as { compiler: unknown; sources: object };
    expect(metadata.compiler).toEqual({ version: artefact.compiler });
    const source = readFileSync(new URL(artefact.source, repository), 'utf8');
    expect(metadata.sources).toMatchObject({ [artefact.source]: { keccak256: id(source) } });
    expect(JSON.parse(file('standard-input').toString())).toMatchObject({
      language: 'Solidity',
      sources: { [artefact.source]: { content: source } },
      settings: artefact.settings,
    });
  });

  it('has code without metadata: creation code ends with the code at run time', () => {
    expect(registry.REGISTRY_CREATION_CODE.endsWith(registry.REGISTRY_CODE.slice(2))).toBe(true);
  });
});

describe('EIP-55', () => {
  it.each([
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0x52908400098527886E0F7030069857D2E4169EE7',
  ])('%s', (address) => {
    expect(registry.checksumAddress(fromHex0x(address.toLowerCase()))).toBe(address);
    expect(getAddress(address.toLowerCase())).toBe(address);
  });

  it('agrees with ethers on the address of nobody', () => {
    expect(registry.checksumAddress(fromHex('00'.repeat(20)))).toBe(`0x${'00'.repeat(20)}`);
  });
});
