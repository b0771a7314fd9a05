import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ASSESSMENT_METHODS, assessmentMethod } from './assessment-methods.js';

const GUIDE = new URL('../../../shared/guide.sv.md', import.meta.url);
const there = existsSync(GUIDE);

describe('the assessment methods', () => {
  it('are the guide’s seventeen, each with a code of its own', () => {
    expect(ASSESSMENT_METHODS).toHaveLength(17);
    expect(new Set(ASSESSMENT_METHODS.flatMap(({ code, sv, en }) => [code, sv, en])).size).toBe(51);
    for (const { code } of ASSESSMENT_METHODS) expect(code).toMatch(/^[a-z][A-Za-z0-9]+$/);
  });

  (there ? it : it.skip)(`have the guide’s names${there ? '' : ' (skipped: ../shared is absent)'}`, () => {
    const text = readFileSync(GUIDE, 'utf8');
    const section = text.slice(text.indexOf('### Samtal i utforskande'), text.indexOf('## Faktorer som driver'));
    const names = [...section.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(ASSESSMENT_METHODS.map(({ sv }) => sv)).toEqual(names);
  });

  it('are found by code or name as people write them', () => {
    expect(assessmentMethod('selfAssessment')?.code).toBe('selfAssessment');
    expect(assessmentMethod(' självskattning ')?.code).toBe('selfAssessment');
    expect(assessmentMethod('Oral open questions')?.code).toBe('oralOpenQuestions');
    expect(assessmentMethod('Prov')).toBeUndefined();
  });
});
