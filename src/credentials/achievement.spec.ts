import { describe, expect, it } from '@jest/globals';
import type { DefinitionContent, Level } from '../definitions/content.js';
import { canonicalize, parseCanonical } from '../encoding/jcs.js';
import { utf8 } from '../encoding/bytes.js';
import { achievementOf } from './achievement.js';
import { FULL_CONTENT, MINIMAL_CONTENT } from './credential-samples.fixture.js';

const DEFINITION = '00000000-0000-4000-8000-000000000003';

function withLevel(level: Level): DefinitionContent {
  return { ...MINIMAL_CONTENT, level };
}

/** Every text and number anywhere in a value. */
function leavesOf(value: unknown): (string | number | boolean)[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf);
  return [value as string | number | boolean];
}

describe("a version's achievement", () => {
  it.each([
    ['every data element', FULL_CONTENT],
    ['the mandatory data elements alone', MINIMAL_CONTENT],
  ])('says all that the version says, with %s', (_, content) => {
    const { creator, ...said } = content;
    const there = leavesOf(achievementOf(DEFINITION, 2, content));
    expect(there).toEqual(expect.arrayContaining([...leavesOf(said), creator.did, creator.name]));
  });

  it('S6: is the same for the verifier, who has the content from the log entry', () => {
    const fromEntry = parseCanonical(utf8(canonicalize(FULL_CONTENT))) as unknown as DefinitionContent;
    expect(canonicalize(achievementOf(DEFINITION, 2, fromEntry))).toBe(
      canonicalize(achievementOf(DEFINITION, 2, FULL_CONTENT)),
    );
  });

  it('S6: is another for another version, definition or content', () => {
    const made = [
      achievementOf(DEFINITION, 1, FULL_CONTENT),
      achievementOf(DEFINITION, 2, FULL_CONTENT),
      achievementOf(DEFINITION.replace(/3$/, '4'), 2, FULL_CONTENT),
      achievementOf(DEFINITION, 2, { ...FULL_CONTENT, factors: { sv: 'Andra' } }),
      achievementOf(DEFINITION, 2, { ...FULL_CONTENT, workload: { hours: 41, ects: '1.5' } }),
    ].map(canonicalize);
    expect(new Set(made).size).toBe(made.length);
  });

  it('leaves the content as it was', () => {
    const before = canonicalize(FULL_CONTENT);
    const achievement = achievementOf(DEFINITION, 2, FULL_CONTENT) as { title: { sv: string } };
    achievement.title.sv = 'Annat';
    expect(canonicalize(FULL_CONTENT)).toBe(before);
  });

  it('has the learning outcomes as full sentences, numbered as in the table', () => {
    const { criteria } = achievementOf(DEFINITION, 2, FULL_CONTENT) as { criteria: { narrative: string } };
    expect(criteria.narrative.split('\n')).toEqual([
      '1. Innehavaren kan redogöra för hur lastens tyngdpunkt påverkar truckens stabilitet för att välja rätt lyfthöjd',
      '2. The holder can stack pallets to a height of six metres without damage to goods or racking',
      '3. Innehavaren kan avgöra när trucken ska tas ur drift enligt arbetsplatsens rutin',
    ]);
  });

  it('keeps leading zeros of codes, with scheme and version', () => {
    const { alignment } = achievementOf(DEFINITION, 2, FULL_CONTENT) as { alignment: object[] };
    expect(alignment).toContainEqual(expect.objectContaining({ targetFramework: 'SNI 2007', targetCode: '01110' }));
  });
});

describe('a level', () => {
  it("of the issuer's own is said to be so, and is no EQF level", () => {
    const achievement = achievementOf(DEFINITION, 1, withLevel({ framework: 'EQF', level: 4, basis: 'issuer' }));
    expect(achievement['alignment']).toEqual([
      expect.objectContaining({ targetName: 'EQF 4', targetDescription: 'Nivån är angiven av utfärdaren.' }),
    ]);
    expect(achievement).not.toHaveProperty('eqfLevel');
  });

  it('that regulation or a decision gives is an EQF level by the European list', () => {
    for (const basis of ['regulation', 'decision'] as const) {
      const achievement = achievementOf(DEFINITION, 1, withLevel({ framework: 'EQF', level: 4, basis, decision: 'X' }));
      expect(achievement['eqfLevel']).toBe('http://data.europa.eu/snb/eqf/4');
    }
  });

  it('of another framework is no EQF level', () => {
    for (const framework of ['SeQF', 'QF-EHEA'] as const) {
      const level: Level = { framework, level: 2, basis: 'decision', decision: 'X' };
      expect(achievementOf(DEFINITION, 1, withLevel(level))).not.toHaveProperty('eqfLevel');
    }
  });
});

describe('a workload', () => {
  it('in hours is a duration for the European Learning Model too', () => {
    expect(achievementOf(DEFINITION, 1, FULL_CONTENT)).toMatchObject({
      workload: { hours: 40, ects: '1.5' },
      volumeOfLearning: 'PT40H',
      creditsAvailable: 1.5,
    });
  });

  it('in credits alone is none', () => {
    expect(achievementOf(DEFINITION, 1, MINIMAL_CONTENT)).not.toHaveProperty('volumeOfLearning');
  });
});
