import { describe, expect, test } from '@jest/globals';
import { graphOf } from './definition-graph.js';
import { dot, mermaid, svg } from './diagrams.js';

const step = (id: string, more: object = {}) => ({ id, kind: 'command', after: [], when: false, pivot: false, ...more });

const graph = graphOf({
  name: 'order',
  version: 3,
  steps: [
    step('pick', { compensation: 'putBack' }),
    step('how', { kind: 'choice', after: ['pick'], branches: ['byTruck', 'byShip'] }),
    step('truck', { after: ['how'], branch: 'how.byTruck', optional: true }),
    step('ship "fast"', { after: ['how'], branch: 'how.byShip', pivot: true }),
    step('walk', { after: ['how'], instead: 'truck' }),
    step('wait', { kind: 'timer', after: ['truck', 'ship "fast"'], time: 60_000 }),
  ],
});

describe('A definition', () => {
  test('is drawn as Mermaid: choices, alternatives, pivots, what waits', () => {
    expect(mermaid(graph).split('\n').slice(4)).toEqual([
      '  begin((" "))',
      '  s0["pick<br/>↩ putBack"]',
      '  s1{"how"}',
      '  s2["truck<br/>may fail"]',
      '  s3["ship #quot;fast#quot;<br/>pivot"]:::pivot',
      '  s4["walk"]',
      '  s5(["wait<br/>waits: 1 min"])',
      '  done((" "))',
      '  begin --> s0',
      '  s0 --> s1',
      '  s1 -->|byTruck| s2',
      '  s1 -->|byShip| s3',
      '  s2 -. where it fails .-> s4',
      '  s2 --> s5',
      '  s3 --> s5',
      '  s4 --> done',
      '  s5 --> done',
      '  classDef pivot stroke-width:3px',
    ]);
  });

  test('is drawn as DOT, which Graphviz understands', async () => {
    expect(dot(graph)).toContain('  "how" -> "ship \\"fast\\"" [label="byShip", fontsize=9];');
    const drawn = await svg(graph);
    expect(drawn.match(/<g id="node\d+"/g)).toHaveLength(8);
    expect(drawn).toContain('ship &quot;fast&quot;');
  });
});
