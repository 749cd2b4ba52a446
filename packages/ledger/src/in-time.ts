/** Resolves or rejects as `work` does; rejects with `expiry()` when it has done neither after so many milliseconds. */
export function inTime<T>(work: Promise<T>, timeoutMs: number, expiry: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(expiry()), timeoutMs);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
