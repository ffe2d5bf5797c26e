namespace Docker.DotNet.Models;

/// <summary>The <c>{}</c> that the engine's sets have for values.</summary>
public struct EmptyStruct;
