/** A part of the page that is fetched when it is first shown. A server that has gone is said, and is asked again when a person wants it. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

interface LaterProps<P> {
  readonly part: () => Promise<ComponentType<P>>;
  readonly props: P;
}

export function Later<P extends object>({ part, props }: LaterProps<P>) {
  const Part = useSignal<ComponentType<P> | null>(null);
  const failed = useSignal(false);
  const load = async () => {
    failed.value = false;
    try {
      Part.value = await part();
    } catch {
      failed.value = true;
    }
  };
  useEffect(() => void load(), []);
  if (Part.value) return <Part.value {...props} />;
  if (!failed.value) return <p>Fetching …</p>;
  return (
    <p role="alert">
      This part of the page could not be fetched.{" "}
      <button type="button" onClick={load}>
        Try again
      </button>
    </p>
  );
}
