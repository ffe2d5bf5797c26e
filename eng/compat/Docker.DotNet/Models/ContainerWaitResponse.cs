namespace Docker.DotNet.Models;

/// <summary>How a container ended.</summary>
public class ContainerWaitResponse
{
    public WaitExitError? Error { get; set; }
    public long StatusCode { get; set; }
}

/// <summary>Why waiting failed.</summary>
public class WaitExitError
{
    public string? Message { get; set; }
}
