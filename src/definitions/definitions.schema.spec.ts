import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { faultsOf } from '../schema-faults.js';
import type { DefinitionContent } from './content.js';
import {
  contentOf,
  contentSchema,
  definitionSchema,
  draftSchema,
  mandateSchema,
  mandateWithdrawalSchema,
  publicationSchema,
  workloadSchema,
} from './definitions.schema.js';

const PILOTS = new URL('../../../shared/data/pilots.json', import.meta.url);
const there = existsSync(PILOTS);

const outcome = {
  category: 'knowledge',
  language: 'sv',
  lead: 'Innehavaren kan',
  activity: 'redogöra',
  content: 'för hur lagning av optofiber genomförs',
  context: 'för att akut laga en förbindelse med rätt kvalitet',
};
const definition = {
  organisationId: '5f0c7a4e-3c1b-4c55-9d0e-0d5c4f5f8f11',
  title: { sv: 'Reparationsberedskap', en: 'Repair readiness' },
  summary: { sv: 'Att laga optofiber akut.' },
  tasks: [{ sv: 'Laga optofiber.' }],
  learningOutcomes: [outcome],
  workload: { hours: 40, ects: 1.5 },
  assessmentMethods: ['workplaceObservation'],
  participation: ['workplace'],
  qualityAssurance: [{ type: 'internal', description: { sv: 'Årlig genomgång.' } }],
};

describe('a definition’s input', () => {
  it('S14: becomes a version’s content, credits as text', () => {
    const { organisationId: _, visibility, ...input } = definitionSchema.parse(definition);
    expect(visibility).toBe('public');
    const creator = { organisation: definition.organisationId, did: 'did:web:a', name: 'A' };
    const content: DefinitionContent = contentOf(input, creator);
    expect(content).toEqual({ ...input, workload: { hours: 40, ects: '1.5' }, creator });
    expect(contentOf(input, creator, true).demo).toBe(true);
  });

  it('takes every optional member', () => {
    const text = { sv: 'Text', en: 'Text' };
    const full = {
      ...definition,
      level: { framework: 'SeQF', level: 4, basis: 'decision', decision: 'MYH 2026/12' },
      prerequisites: text,
      supervision: text,
      grading: { scale: ['Godkänd', 'Väl godkänd'] },
      stackability: text,
      authorisations: text,
      codes: [{ scheme: 'SNI', version: '2007', code: '01110' }],
      factors: text,
      issuerRequirements: text,
      validity: { months: 24 },
      visibility: 'unlisted',
    };
    expect(faultsOf(definitionSchema, full)).toEqual([]);
  });

  it.each([
    ['learningOutcomes too_small', { learningOutcomes: [] }],
    ['learningOutcomes too_big', { learningOutcomes: Array(11).fill(outcome) }],
    ['learningOutcomes.0.activity too_small', { learningOutcomes: [{ ...outcome, activity: ' ' }] }],
    ['learningOutcomes.0.category invalid_value', { learningOutcomes: [{ ...outcome, category: 'attitude' }] }],
    ['workload workloadMissing', { workload: {} }],
    ['workload.hours invalid_type', { workload: { hours: 1.5 } }],
    ['level.basis seqfNeedsDecision', { level: { framework: 'SeQF', level: 4, basis: 'issuer' } }],
    ['level.decision decisionMissing', { level: { framework: 'EQF', level: 4, basis: 'decision' } }],
    ['level.level levelOutOfRange', { level: { framework: 'QF-EHEA', level: 4, basis: 'issuer' } }],
    ['assessmentMethods.0 invalid_value', { assessmentMethods: ['exam'] }],
    ['assessmentMethods repeated', { assessmentMethods: ['selfAssessment', 'selfAssessment'] }],
    ['participation.0 invalid_value', { participation: ['distance'] }],
    ['qualityAssurance too_small', { qualityAssurance: [] }],
    ['title.sv invalid_type', { title: { en: 'Only English' } }],
    ['tasks.0.de unrecognized_keys', { tasks: [{ sv: 'a', de: 'b' }] }],
    ['creator unrecognized_keys', { creator: {} }],
  ])('is refused: %s', (fault, change) => {
    expect(faultsOf(definitionSchema, { ...definition, ...change })).toEqual([fault]);
  });

  (there ? it : it.skip)(`fits the pilots’ definitions${there ? '' : ' (skipped: ../shared/data is absent)'}`, () => {
    const pilots = JSON.parse(readFileSync(PILOTS, 'utf8')) as {
      title: string;
      tasks: string[];
      outcomes: Record<'category' | 'activity' | 'content' | 'context', string>[];
    }[];
    for (const { title, tasks, outcomes } of pilots) {
      const learningOutcomes = outcomes.map((row) => ({ language: 'sv', lead: 'Innehavaren kan', ...row }));
      const input = { ...definition, title: { sv: title }, tasks: tasks.map((sv) => ({ sv })), learningOutcomes };
      expect(faultsOf(definitionSchema, input)).toEqual([]);
    }
  });

  it('is described for OpenAPI', () => {
    const described = z.toJSONSchema(definitionSchema, { io: 'input' });
    expect(described).toMatchObject({ additionalProperties: false });
    expect(described.required).toEqual(expect.arrayContaining(['organisationId', 'learningOutcomes', 'workload']));
    expect(described.required).not.toContain('visibility');
  });
});

describe('credits', () => {
  it.each([
    [1.5, '1.5'],
    [2, '2'],
    ['2', '2'],
    ['7,50', '7.5'],
    ['0.50', '0.5'],
    ['30.00', '30'],
    ['100', '100'],
  ])('S14: %j are kept as %s', (ects, text) => {
    expect(workloadSchema.parse({ ects })).toEqual({ ects: text });
  });

  it.each([0, -1, 1000, 0.001, 1.005, '0', '0.00', '01', '1.', '1e3', '', 'NaN'])('are not %j', (ects) => {
    expect(workloadSchema.safeParse({ ects }).success).toBe(false);
  });
});

describe('a draft', () => {
  it('may be unfinished, but what is there has its shape', () => {
    expect(draftSchema.parse({})).toEqual({});
    expect(faultsOf(draftSchema, { title: { sv: 'Utkast' } })).toEqual([]);
    expect(faultsOf(draftSchema, { title: { sv: '' }, workload: {} })).toEqual([
      'title.sv too_small',
      'workload workloadMissing',
    ]);
    expect(faultsOf(draftSchema, { name: 'x' })).toEqual(['name unrecognized_keys']);
  });

  it('that came through once comes through again', () => {
    const { organisationId: _, ...content } = definition;
    const once = contentSchema.parse(content);
    expect(contentSchema.parse(once)).toEqual(once);
    expect(draftSchema.parse(once)).toEqual(once);
  });
});

describe('publishing and mandates', () => {
  it('may be asked for without particulars', () => {
    expect(publicationSchema.parse({})).toEqual({});
    expect(mandateSchema.parse({})).toEqual({ requirementsChecked: true });
    expect(mandateWithdrawalSchema.parse({})).toEqual({ reason: 'ended', effect: 'futureOnly' });
  });

  it('are refused with a period that ends before it begins, or a malformed one', () => {
    const from = '2026-06-01T12:00:00+02:00';
    expect(faultsOf(mandateSchema, { from, to: '2026-06-01T09:59:59Z' })).toEqual(['to periodReversed']);
    expect(faultsOf(mandateSchema, { from, to: 'soon' })).toEqual(['to invalid_format']);
  });

  it('S20: take no free text as a reason that would be public', () => {
    expect(faultsOf(mandateWithdrawalSchema, { reason: 'Anna slutade' })).toEqual(['reason invalid_value']);
  });
});
