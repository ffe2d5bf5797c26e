using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>A command to run in a container.</summary>
public class ContainerExecCreateParameters
{
    public string User { get; set; } = "";
    public bool Privileged { get; set; }
    public bool TTY { get; set; }
    public bool AttachStdin { get; set; }
    public bool AttachStderr { get; set; }
    public bool AttachStdout { get; set; }
    public string DetachKeys { get; set; } = "";
    public IList<string> Env { get; set; } = null!;
    public string WorkingDir { get; set; } = "";
    public IList<string> Cmd { get; set; } = null!;
}

/// <summary>The id of the exec just made.</summary>
public class ContainerExecCreateResponse
{
    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";
}

/// <summary>How to attach to an exec.</summary>
public class ContainerExecStartParameters
{
    public bool Detach { get; set; }
    public bool TTY { get; set; }
}

/// <summary>What an exec is doing.</summary>
public class ContainerExecInspectResponse
{
    public string ID { get; set; } = "";
    public bool Running { get; set; }
    public long? ExitCode { get; set; }
    public ExecProcessConfig? ProcessConfig { get; set; }
    public bool OpenStdin { get; set; }
    public bool OpenStderr { get; set; }
    public bool OpenStdout { get; set; }
    public bool CanRemove { get; set; }
    public string ContainerID { get; set; } = "";
    public string DetachKeys { get; set; } = "";
    public long Pid { get; set; }
}

/// <summary>The command of an exec.</summary>
public class ExecProcessConfig
{
    [JsonPropertyName("tty")]
    public bool Tty { get; set; }

    [JsonPropertyName("entrypoint")]
    public string Entrypoint { get; set; } = "";

    [JsonPropertyName("arguments")]
    public IList<string> Arguments { get; set; } = null!;

    [JsonPropertyName("privileged")]
    public bool? Privileged { get; set; }

    [JsonPropertyName("user")]
    public string? User { get; set; }
}
