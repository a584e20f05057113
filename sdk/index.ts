import "./node-version";

export * from "./global-namespace";
export * from "./global-namespaces";
export * from "./mesh";
export * from "./namespace-sync";
export * from "./promotion";
