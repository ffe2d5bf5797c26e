namespace Docker.DotNet.Handler.Abstractions;

/// <summary>What a client was built with.</summary>
public sealed record ResolvedClientOptions
{
    public Version? ApiVersion { get; init; }
    public Uri Endpoint { get; init; } = null!;
    public IAuthProvider AuthProvider { get; init; } = NoopAuthProvider.Instance;
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How long an ordinary call may take; streams and waits have no limit.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);
}
