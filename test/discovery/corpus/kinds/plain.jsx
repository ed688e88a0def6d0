import { task } from "nuvom";

const page = <div className='a"b'>task("no") &amp; 'don&apos;t</div>;
export const a = task("plain.jsx", () => page);
