import { backgroundStories } from './background.ts';
import { directoryStory, type LedgerNames } from './directory.ts';
import { createRandom } from './random.ts';
import { ana } from './stories/ana.ts';
import { everydayAccesses } from './stories/everyday.ts';
import { ibrahim } from './stories/ibrahim.ts';
import { lee } from './stories/lee.ts';
import { ruth } from './stories/ruth.ts';
import { sam } from './stories/sam.ts';
import { maria } from './stories/maria.ts';
import { createTimeline, type Story } from './story.ts';

export interface Cast {
  /** The persons known by name: there before the servers are called ready. */
  readonly named: readonly Story[];
  /** Everybody else, and the accesses of everyday. */
  readonly background: readonly Story[];
}

/** The cast of design/health.md section 10: the same for the same seed and anchor. */
export async function createCast(seed: number, anchor: Date, names: LedgerNames): Promise<Cast> {
  const context = { random: createRandom(seed), time: createTimeline(anchor) };
  const named = [
    directoryStory(names),
    await maria(context),
    sam(context),
    ana(context),
    lee(context),
    ruth(context),
    ibrahim(context),
    everydayAccesses(),
  ];
  return { named, background: backgroundStories(context) };
}
