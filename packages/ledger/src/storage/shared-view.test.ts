import { describe, expect, it } from 'vitest';
import type { KeyValueView } from './key-value.ts';
import { SharedView } from './shared-view.ts';

function shared(): { readonly view: SharedView; readonly closings: () => number } {
  let closings = 0;
  const inner: KeyValueView = {
    get: (key) => key,
    range: () => (async function* () {})(),
    close: () => {
      closings += 1;
      return Promise.resolve();
    },
  };
  return { view: new SharedView(inner), closings: () => closings };
}

describe('a view that readers share', () => {
  it('stays open while it may be opened again', async () => {
    const { view, closings } = shared();
    await view.open().close();
    expect(view.open().get(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    expect(closings()).toBe(0);
  });

  it('is closed by the last reader once it is retired, and once', async () => {
    const { view, closings } = shared();
    const [first, second] = [view.open(), view.open()];
    await view.retire();
    await first.close();
    await first.close();
    expect(closings()).toBe(0);
    await second.close();
    expect(closings()).toBe(1);
  });

  it('is closed when it is retired and nobody reads', async () => {
    const { view, closings } = shared();
    await view.retire();
    expect(closings()).toBe(1);
  });
});
