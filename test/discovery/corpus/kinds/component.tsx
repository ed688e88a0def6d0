import { task } from "nuvom";

const Page = ({ title }: { title: string }) => (
  <p title="task('no')">
    don't task("no") {title} {/* task("no") */}
  </p>
);
export const render = task("component.render", async () => <Page title={`it's`} />);
