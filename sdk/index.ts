import "./node-version";

export * from "./global-namespace";
export * from "./mesh";
export * from "./namespace-sync";
