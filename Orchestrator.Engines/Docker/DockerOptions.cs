using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Orchestrator.Engines.Docker;

/// <summary>Section <c>Docker</c>: where the engine is, and how long it may take to answer.</summary>
public sealed class DockerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Docker";

    /// <summary>The engine's endpoint: <c>unix://</c>, <c>tcp://</c>, <c>http://</c> or <c>https://</c>.</summary>
    /// <value>the usual socket</value>
    public string? Host { get; set; }

    /// <summary>Folder with <c>cert.pem</c>, <c>key.pem</c> and <c>ca.pem</c>; with it, TCP endpoints use TLS.</summary>
    public string? CertPath { get; set; }

    /// <summary>
    /// TLS without <c>Docker:CertPath</c>; the certificates are then in <c>~/.docker</c>. Any value of
    /// <c>DOCKER_TLS_VERIFY</c> means <c>true</c>.
    /// </summary>
    public bool TlsVerify { get; set; }

    /// <summary>Image that the guest of other images comes from; never pulled. Its program has to be compiled natively.</summary>
    [Required]
    public string GuestImage { get; set; } = "runner-image";

    /// <summary>Limit of an ordinary engine call.</summary>
    [Range(1, 600)]
    public double CallTimeoutSeconds { get; set; } = 30;

    /// <summary>Limit of creating a container, and of starting it.</summary>
    [Range(1, 600)]
    public double StartTimeoutSeconds { get; set; } = 60;

    /// <summary>Limit of pulling an image.</summary>
    [Range(1, 7_200)]
    public double PullTimeoutSeconds { get; set; } = 600;

    /// <summary><see cref="CallTimeoutSeconds"/>.</summary>
    internal TimeSpan CallTimeout => TimeSpan.FromSeconds(CallTimeoutSeconds);

    /// <summary><see cref="StartTimeoutSeconds"/>.</summary>
    internal TimeSpan StartTimeout => TimeSpan.FromSeconds(StartTimeoutSeconds);

    /// <summary><see cref="PullTimeoutSeconds"/>.</summary>
    internal TimeSpan PullTimeout => TimeSpan.FromSeconds(PullTimeoutSeconds);

    /// <summary>Whether <c>DOCKER_TLS_VERIFY</c> is set, to whatever value.</summary>
    public static bool VerifiesTls(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return !string.IsNullOrEmpty(configuration["DOCKER_TLS_VERIFY"]);
    }
}

/// <summary>The engine's address and certificates are of use.</summary>
internal sealed class DockerRules : IValidateOptions<DockerOptions>
{
    public ValidateOptionsResult Validate(string? name, DockerOptions options)
    {
        try
        {
            DockerEndpoint.Check(options);
            return ValidateOptionsResult.Success;
        }
        catch (OptionsValidationException wrong)
        {
            return ValidateOptionsResult.Fail(wrong.Failures);
        }
    }
}
