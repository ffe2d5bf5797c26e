namespace OpenTelemetry;

/// <summary>Brings the providers to life when the host starts.</summary>
public interface ITelemetryHostInitializer
{
    void Initialize();
}
