namespace Docker.DotNet;

/// <summary>The command line client's configuration could not be understood.</summary>
public sealed class DockerConfigurationException : Exception
{
    public DockerConfigurationException(string message)
        : base(message)
    {
    }

    public DockerConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
