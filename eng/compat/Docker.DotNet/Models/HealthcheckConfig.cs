namespace Docker.DotNet.Models;

/// <summary>How the engine checks a container; durations go over the wire in nanoseconds.</summary>
public class HealthcheckConfig
{
    public IList<string>? Test { get; set; }
    public TimeSpan? Interval { get; set; }
    public TimeSpan? Timeout { get; set; }
    public TimeSpan? StartPeriod { get; set; }
    public TimeSpan? StartInterval { get; set; }
    public long? Retries { get; set; }
}

/// <summary>What the checks said lately.</summary>
public class Health
{
    public string Status { get; set; } = "";
    public long FailingStreak { get; set; }
    public IList<HealthcheckResult> Log { get; set; } = null!;
}

/// <summary>One check.</summary>
public class HealthcheckResult
{
    public DateTime Start { get; set; }
    public DateTime End { get; set; }
    public long ExitCode { get; set; }
    public string Output { get; set; } = "";
}
