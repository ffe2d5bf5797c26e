namespace Docker.DotNet.Models;

/// <summary>Filters of the list of containers.</summary>
public class ContainersListParameters
{
    public bool? All { get; set; }
    public long? Limit { get; set; }
    public bool? Size { get; set; }
    public IDictionary<string, IDictionary<string, bool>>? Filters { get; set; }
}

/// <summary>Options of an inspection.</summary>
public class ContainerInspectParameters
{
    public bool? IncludeSize { get; set; }
}

/// <summary>Options of a start.</summary>
public class ContainerStartParameters
{
    public string? DetachKeys { get; set; }
}

/// <summary>Options of a stop.</summary>
public class ContainerStopParameters
{
    public uint? WaitBeforeKillSeconds { get; set; }
    public string? Signal { get; set; }
}

/// <summary>Options of a restart.</summary>
public class ContainerRestartParameters
{
    public uint? WaitBeforeKillSeconds { get; set; }
    public string? Signal { get; set; }
}

/// <summary>The signal to send, SIGKILL when none is named.</summary>
public class ContainerKillParameters
{
    public string? Signal { get; set; }
}

/// <summary>The new name.</summary>
public class ContainerRenameParameters
{
    public string? NewName { get; set; }
}

/// <summary>Options of a removal.</summary>
public class ContainerRemoveParameters
{
    public bool? RemoveVolumes { get; set; }
    public bool? RemoveLinks { get; set; }
    public bool? Force { get; set; }
}

/// <summary>Which part of the log to send, and whether to follow it.</summary>
public class ContainerLogsParameters
{
    public bool? ShowStdout { get; set; }
    public bool? ShowStderr { get; set; }
    public string? Since { get; set; }
    public string? Until { get; set; }
    public bool? Timestamps { get; set; }
    public bool? Follow { get; set; }
    public string? Tail { get; set; }
}

/// <summary>Where to unpack an archive.</summary>
public class CopyToContainerParameters
{
    public string Path { get; set; } = "";
    public bool? AllowOverwriteDirWithFile { get; set; }
    public bool? CopyUIDGID { get; set; }
}
