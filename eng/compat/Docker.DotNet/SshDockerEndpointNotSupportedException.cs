namespace Docker.DotNet;

/// <summary>An engine behind SSH cannot be reached; forward its socket and name that.</summary>
public sealed class SshDockerEndpointNotSupportedException : Exception
{
    public SshDockerEndpointNotSupportedException()
        : base("An ssh:// endpoint is not supported. Forward the engine's socket with ssh and name the forwarded one.")
    {
    }
}
